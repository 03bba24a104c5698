/** CPU, memory and local storage, as Kubernetes writes them: what a container asks its node for, and what it may use. */
export interface Resources {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/** Which taints a helper pod tolerates, in Kubernetes' own words. */
export interface Toleration {
  readonly key?: string | undefined;
  readonly operator?: 'Exists' | 'Equal' | undefined;
  readonly value?: string | undefined;
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute' | undefined;
  readonly tolerationSeconds?: number | undefined;
}

/** How an administrator wants helper pods to be. docs/reference/settings.md has a row for each. */
export interface HelperSettings {
  readonly image: string;
  /** Architectures of the image: values of the node label `kubernetes.io/arch`. */
  readonly architectures: readonly string[];
  readonly resources: Resources;
  /** How many compressors may run beside each other where the node has idle cores. Default: `COMPRESSORS`. */
  readonly compressors?: number | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly priorityClass: string | undefined;
  /** Names of Secrets in the namespace of the volume. */
  readonly pullSecrets: readonly string[];
  readonly serviceAccount: string | undefined;
  readonly runAsUser: number;
  readonly runAsGroup: number;
  readonly supplementalGroups: readonly number[];
  readonly seLinuxOptions: Readonly<Record<string, string>> | undefined;
}
