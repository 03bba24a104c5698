import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BRIDGE, IS_REMOTE, NODES, POD_NETWORK, RUN, STATE } from './paths.ts';
import { run, succeeds } from './run.ts';

const NETWORK = IS_REMOTE ? 'nkvm-remote' : 'nkvm-test';

/** Where containerd finds the network of the pods. */
export const CNI_CONFIG = join(STATE, 'cni');

/** The CNI plugins keep what they answered here, one file a pod. */
const CNI_RESULTS = '/var/lib/cni/results';

/** Gives the nodes their addresses, and describes one bridge for all pods. NetworkPolicies are not enforced by it. */
export function makeNetwork(): void {
  for (const { address } of NODES) run('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo']);
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  const bridged = '/proc/sys/net/bridge/bridge-nf-call-iptables'; // so that services work between pods of one bridge
  if (existsSync(bridged)) writeFileSync(bridged, '1');
  const bridge = {
    type: 'bridge',
    bridge: BRIDGE,
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: join(STATE, 'addresses'),
      ranges: [[{ subnet: POD_NETWORK }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  mkdirSync(CNI_CONFIG, { recursive: true });
  const config = { cniVersion: '1.0.0', name: NETWORK, plugins: [bridge] };
  writeFileSync(join(CNI_CONFIG, '10-bridge.conflist'), JSON.stringify(config, null, 2));
}

/** Takes away the addresses, the bridge (one with another subnet would break every pod) and the rules of services. */
export function removeNetwork(): void {
  for (const { address } of NODES)
    succeeds('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']);
  succeeds('ip', ['link', 'delete', BRIDGE]);
  if (IS_REMOTE) return removeResults(); // the rules are those of the other cluster
  for (const family of ['iptables', 'ip6tables']) {
    if (!succeeds(`${family}-save`, [])) continue;
    const rules = run(`${family}-save`, ['--counters']).split('\n');
    const others = rules.filter(rule => !rule.includes('KUBE-'));
    if (others.length < rules.length)
      run(`${family}-restore`, ['--counters'], { input: others.join('\n') });
  }
  removeResults();
}

function removeResults(): void {
  if (existsSync(CNI_RESULTS)) readdirSync(CNI_RESULTS).forEach(removeResult);
}

/** A result of ours names a network namespace in our directory. */
function removeResult(name: string): void {
  const file = join(CNI_RESULTS, name);
  if (readFileSync(file, 'utf8').includes(`${RUN}/`)) rmSync(file);
}
