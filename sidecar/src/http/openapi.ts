type Responses = Record<string, { $ref?: string; content?: Record<string, unknown> } | undefined>;

/** The parts of an OpenAPI document that are changed here. */
interface Operation {
  consumes?: readonly string[];
  requestBody?: unknown;
  responses?: Responses;
}
export interface OpenApiDocument {
  paths?: Record<string, Record<string, unknown> | undefined>;
  components?: { schemas?: Record<string, unknown>; responses?: Record<string, unknown> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const PROBLEM = { $ref: '#/components/responses/Problem' };

/**
 * Says of every operation that anything that is not a success is a problem document, of uploads that the body is binary, and of
 * the audit log that it can be a table: the schemas of routes have no place for these.
 * @param problem the JSON Schema of a problem
 */
export function withProblems<T extends OpenApiDocument>(document: T, problem: unknown): T {
  const paths = Object.entries(document.paths ?? {}).map(([path, methods]) => [
    path,
    Object.fromEntries(
      Object.entries(methods ?? {}).map(([method, operation]) =>
        METHODS.includes(method)
          ? [method, described(path, operation as Operation)]
          : [method, operation]
      )
    ),
  ]);
  const { components = {} } = document;
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...components,
      schemas: { ...components.schemas, Problem: problem },
      responses: {
        ...components.responses,
        Problem: {
          description: 'The problem, with what to do next',
          content: {
            'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
          },
        },
      },
    },
  };
}

const described = (path: string, operation: Operation): Operation => ({
  ...operation,
  ...(path.endsWith('/uploads') && { requestBody: UPLOAD }),
  responses: {
    ...(path.endsWith('/audit') ? withTable(operation.responses) : operation.responses),
    default: PROBLEM,
  },
});

/** The answer 200 is JSON, or a table. */
const withTable = ({ 200: found, ...others }: Responses = {}): Responses => ({
  ...others,
  ...(found && {
    200: { ...found, content: { ...found.content, 'text/csv': { schema: { type: 'string' } } } },
  }),
});

const BINARY = { schema: { type: 'string', format: 'binary' } };
const UPLOAD = {
  required: true,
  content: { 'application/gzip': BINARY, 'application/octet-stream': BINARY },
};
