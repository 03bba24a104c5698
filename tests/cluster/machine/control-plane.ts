import { built } from './build.ts';
import { certificate, key, kubeconfig } from './certificates.ts';
import {
  API_ADDRESS,
  API_PORT,
  ETCD_PORTS,
  IS_REMOTE,
  NODES,
  POD_NETWORK,
  SERVICE_NETWORK,
} from './paths.ts';
import { start } from './processes.ts';

const [ETCD, ETCD_PEERS] = ETCD_PORTS.map(port => `http://127.0.0.1:${port}`);
const LOCALHOST = '--bind-address=127.0.0.1';
const AS_CONTROL_PLANE = `--kubeconfig=${kubeconfig('control-plane')}`;

const startPart = (part: string, ...flags: string[]): void =>
  start(part, built('cluster'), [part, ...flags]);

/** Starts etcd and the API server. */
export function startApi(): void {
  startPart(
    'etcd',
    '--data-dir=etcd',
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    `--listen-peer-urls=${ETCD_PEERS}`,
    '--unsafe-no-fsync',
    '--log-level=warn'
  );
  startApiServer();
}

/** Starts the API server where etcd runs. It listens on every address, so that pods and the host both reach it. */
export const startApiServer = (): void =>
  startPart(
    'kube-apiserver',
    `--etcd-servers=${ETCD}`,
    '--bind-address=0.0.0.0',
    `--secure-port=${API_PORT}`,
    `--advertise-address=${API_ADDRESS}`,
    `--service-cluster-ip-range=${SERVICE_NETWORK}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    `--tls-cert-file=${certificate('kube-apiserver')}`,
    `--tls-private-key-file=${key('kube-apiserver')}`,
    `--client-ca-file=${certificate('ca')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key('service-accounts')}`,
    `--service-account-signing-key-file=${key('service-accounts')}`,
    `--kubelet-client-certificate=${certificate('control-plane')}`,
    `--kubelet-client-key=${key('control-plane')}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${certificate('ca')}`,
    '--requestheader-allowed-names=front-proxy',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${certificate('front-proxy')}`,
    `--proxy-client-key-file=${key('front-proxy')}`
  );

/**
 * Starts what needs an API server that answers. One kube-proxy serves all nodes: they share the host's network. The remote cluster has
 * none.
 */
export function startControllers(): void {
  startPart(
    'kube-controller-manager',
    LOCALHOST,
    `--secure-port=${IS_REMOTE ? 10357 : 10257}`,
    AS_CONTROL_PLANE,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${key('service-accounts')}`,
    `--root-ca-file=${certificate('ca')}`,
    `--cluster-signing-cert-file=${certificate('ca')}`,
    `--cluster-signing-key-file=${key('ca')}`
  );
  startPart(
    'kube-scheduler',
    LOCALHOST,
    `--secure-port=${IS_REMOTE ? 10359 : 10259}`,
    AS_CONTROL_PLANE,
    '--leader-elect=false'
  );
  if (IS_REMOTE) return;
  startPart(
    'kube-proxy',
    AS_CONTROL_PLANE,
    '--healthz-bind-address=127.0.0.1:10256',
    `--cluster-cidr=${POD_NETWORK}`,
    '--proxy-mode=iptables',
    `--hostname-override=${NODES[0]!.name}`,
    // 0 leaves the kernel's settings as they are: a container may not be allowed to change them
    '--conntrack-max-per-core=0',
    '--conntrack-tcp-timeout-established=0',
    '--conntrack-tcp-timeout-close-wait=0'
  );
}
