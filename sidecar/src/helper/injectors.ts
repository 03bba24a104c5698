/**
 * How each injector of containers is asked to leave a pod alone, by its own documented label or annotation. A helper pod has
 * no use for a proxy or an agent: it is reached through the kubelet, and ends within minutes. Injectors that a pod must
 * call for (Dapr, for one) need no word here. Where an injector adds a container all the same, nothing breaks: the container
 * of the helper is found by its name.
 */
export const INJECTION_OPT_OUTS = {
  labels: {
    'sidecar.istio.io/inject': 'false', // Istio from 1.10 on, and what is built upon it
    'istio.io/dataplane-mode': 'none', // Istio without sidecars (ambient)
    'kuma.io/sidecar-injection': 'disabled', // Kuma, Kong Mesh
    'injector.nsm.nginx.com/auto-inject': 'false', // NGINX Service Mesh
    'admission.datadoghq.com/enabled': 'false', // Datadog
    'infra-operator.newrelic.com/disable-injection': 'true', // New Relic
    'instana-autotrace': 'false', // Instana
  },
  annotations: {
    'sidecar.istio.io/inject': 'false', // Istio before 1.10
    'linkerd.io/inject': 'disabled',
    'consul.hashicorp.com/connect-inject': 'false',
    'vault.hashicorp.com/agent-inject': 'false',
    'kuma.io/sidecar-injection': 'disabled', // Kuma before 2.0
    'openservicemesh.io/sidecar-injection': 'disabled',
    'appmesh.k8s.aws/sidecarInjectorWebhook': 'disabled',
    'dynatrace.com/inject': 'false',
    'oneagent.dynatrace.com/inject': 'false', // Dynatrace Operator before 0.10
    'sidecar.opentelemetry.io/inject': 'false',
  },
} as const;
