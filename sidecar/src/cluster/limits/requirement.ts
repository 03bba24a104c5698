/** A condition of a selector, as in node affinity and in the scope of a quota. */
export interface Requirement {
  operator: string;
  values?: readonly string[];
}

/**
 * @param value undefined: there is none
 * @returns false for an operator that Kubernetes does not have
 */
export function holds({ operator, values = [] }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(values[0]);
    case 'Lt':
      return Number(value) < Number(values[0]);
    default:
      return false;
  }
}
