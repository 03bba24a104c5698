import type { ConfigMap, Container, Pod, Secret } from '../store/object.ts';

type EnvVar = NonNullable<Container['env']>[number];

/** The sources of variables. */
export interface EnvSources {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

/** @returns the variables that a container's spec names. Those that have no value are left out. */
export function containerEnv(
  pod: Pod,
  container: Container,
  sources: EnvSources
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { configMapRef, secretRef, prefix = '' } of container.envFrom ?? []) {
    const plain = sources.configMap(configMapRef?.name ?? '')?.data ?? {};
    const secret = sources.secret(secretRef?.name ?? '')?.data ?? {};
    for (const [name, value] of Object.entries(plain)) env[prefix + name] = value;
    for (const [name, value] of Object.entries(secret)) env[prefix + name] = decoded(value);
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(pod, variable, sources);
    if (value !== undefined) env[variable.name] = expand(value, env);
  }
  return env;
}

/** Puts values in the place of `$(NAME)`; `$$(NAME)` and unknown names stay, as in Kubernetes. */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replace(/(\$?)\$\(([^)]+)\)/g, (all, escape: string, name: string) =>
    escape ? all.slice(1) : env[name] ?? all
  );

function valueOf(pod: Pod, { value, valueFrom }: EnvVar, sources: EnvSources): string | undefined {
  if (!valueFrom) return value ?? '';
  const { fieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return fieldOf(pod, fieldRef.fieldPath);
  if (configMapKeyRef)
    return sources.configMap(configMapKeyRef.name ?? '')?.data?.[configMapKeyRef.key];
  const secret = sources.secret(secretKeyRef?.name ?? '')?.data?.[secretKeyRef?.key ?? ''];
  return secret === undefined ? undefined : decoded(secret);
}

const decoded = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** The downward API. */
function fieldOf({ metadata, spec, status }: Pod, path: string): string | undefined {
  const key = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (key) return metadata[key[1] as 'labels' | 'annotations']?.[key[2]!];
  const fields: Record<string, string | undefined> = {
    'metadata.name': metadata.name,
    'metadata.namespace': metadata.namespace,
    'metadata.uid': metadata.uid,
    'spec.nodeName': spec.nodeName,
    'spec.serviceAccountName': spec.serviceAccountName,
    'status.hostIP': status.hostIP,
    'status.podIP': status.podIP,
  };
  return fields[path];
}
