// Backs up all volumes of the namespaces in NAMESPACES, and waits until each backup has ended.
// Exit code 1: a request was refused, or a backup has not succeeded; the output says which.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

// Kubernetes tells each pod of the namespace the address of the Service nkvm. NKVM_HOST names another one, e.g. volumes, or
// https://nkvm.nkvm.svc where the port takes HTTPS.
const HOST = process.env.NKVM_HOST ?? process.env.NKVM_SERVICE_HOST;
const NKVM = `${HOST.includes('://') ? HOST : `http://${HOST}`}/api/v1`;
const POLL_MS = 5_000;
/** The biggest number of volumes in one request. */
const MAX_VOLUMES = 100;

/** @throws Error with NKVM's message when the answer is not 2xx. */
async function call(path, body) {
  const response = await fetch(`${NKVM}/${path}`, {
    method: body ? 'POST' : 'GET',
    body: body && JSON.stringify(body),
    headers: {
      // read each time: the kubelet renews it
      authorization: `Bearer ${readFileSync('/token/token', 'utf8')}`,
      ...(body && { 'content-type': 'application/json' }),
    },
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

async function backUp(volumes) {
  const { backups, refused } = await call('backups', { volumes, priority: 'scheduled' });
  for (const volume of refused) console.log('refused', JSON.stringify(volume));
  const ends = await Promise.all(backups.map(({ id }) => ended(id)));
  for (const { status, namespace, name, message } of ends)
    console.log(status, `${namespace}/${name}`, message ?? '');
  return refused.length === 0 && ends.every(({ status }) => status === 'success');
}

/** Waits through restarts of NKVM, too: a backup goes on afterwards. */
async function ended(id) {
  for (;;) {
    const run = await call(`backups/${id}`).catch(error => console.log(error.message));
    if (run && run.status !== 'queued' && run.status !== 'running') return run;
    await sleep(POLL_MS);
  }
}

for (const namespace of process.env.NAMESPACES.split(/\s+/)) {
  const { volumes } = await call(`volumes?namespace=${namespace}`);
  const possible = volumes.filter(({ obstacle }) => obstacle === null);
  for (const { name, obstacle } of volumes)
    if (obstacle) console.log('skipped', `${namespace}/${name}:`, obstacle.message);
  for (let at = 0; at < possible.length; at += MAX_VOLUMES) {
    const some = possible.slice(at, at + MAX_VOLUMES).map(({ name }) => ({ namespace, name }));
    if (!(await backUp(some))) process.exitCode = 1;
  }
}
