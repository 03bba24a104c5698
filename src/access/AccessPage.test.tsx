import { screen, waitFor } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../testing/accessSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { openPage } from '../testing/mount';

const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings';
const REVIEWS = '/apis/authorization.k8s.io/v1/namespaces/shop/localsubjectaccessreviews';
const ACCOUNTS = '/api/v1/namespaces/shop/serviceaccounts';

const OPERATOR = [
  'list persistentvolumeclaims',
  'list persistentvolumeclaims/backup',
  'create persistentvolumeclaims/backup',
];

interface Review {
  spec: {
    user?: string;
    groups: string[];
    resourceAttributes: { verb: string; resource: string; subresource?: string; name?: string };
  };
}

/** nkvm-user is an operator, ann may create its tokens, nobody else has anything. */
const review = (sent: unknown) => {
  const { user = '', resourceAttributes: asked } = (sent as Review).spec;
  const right = `${asked.verb} ${asked.resource}${
    asked.subresource ? `/${asked.subresource}` : ''
  }`;
  const allowed =
    (user.endsWith(':shop:nkvm-user') && OPERATOR.includes(right)) ||
    (user === 'ann' && right === 'create serviceaccounts/token' && asked.name === 'nkvm-user');
  return { status: { allowed } };
};

function open(answers: Parameters<typeof fakeCluster>[0] = {}) {
  const cluster = fakeCluster({
    'GET /namespaces/shop/access': accessOf(...OPERATOR),
    [`GET ${ACCOUNTS}`]: { items: ['default', 'nkvm-user'].map(name => ({ metadata: { name } })) },
    [`GET ${RBAC}`]: { items: [{ subjects: [{ kind: 'User', name: 'ann' }] }] },
    [`POST ${REVIEWS}`]: review,
    [`POST ${RBAC}`]: {},
    ...answers,
  });
  const user = openPage(cluster.name, '/nkvm/access/shop');
  return { cluster, user };
}

const rowOf = async (name: string) => (await screen.findByText(name)).closest<HTMLElement>('tr')!;
const cells = (row: HTMLElement) =>
  [...row.querySelectorAll('td')].slice(1).map(cell => cell.textContent);

describe('the page of who can do what', () => {
  it.each([
    ['namespaces', 'Volumes in the namespaces that were opened one by one'],
    ['selector', 'Volumes in all namespaces with certain labels'],
    ['cluster', 'Volumes in all namespaces of the cluster'],
    ['unknown', null],
  ])('says where NKVM itself may work: %s', async (scope, text) => {
    open({ 'GET /namespaces/shop/access': { ...accessOf(...OPERATOR), scope } });
    expect(await screen.findByText('NKVM knows you as')).toBeVisible();
    if (text) expect(screen.getByText('NKVM can back up').nextSibling).toHaveTextContent(text);
    else expect(screen.queryByText('NKVM can back up')).toBeNull();
  });

  it('says what I may do, and which right is missing for the rest', async () => {
    open();
    expect(await screen.findByText('system:serviceaccount:shop:nkvm-user')).toBeVisible();
    const restore = screen.getAllByText('Restore')[0]!.nextElementSibling;
    expect(restore).toHaveTextContent(
      'NoNeeds create persistentvolumeclaims/restoreNeeds get persistentvolumeclaims/archive'
    );
  });

  it('says of each subject what it may do, and who may act as the account of the pages', async () => {
    open();
    const archive = 'Needs get persistentvolumeclaims/archive';
    const restore = `NoNeeds create persistentvolumeclaims/restore${archive}`;
    expect(cells(await rowOf('nkvm-user'))).toEqual(['Yes', 'Yes', `No${archive}`, restore]);
    const row = await rowOf('ann');
    expect(row).toHaveTextContent('Can create tokens of the account that these pages use');
    expect(cells(row)[1]).toBe('NoNeeds create persistentvolumeclaims/backup');
    expect(await rowOf('default')).not.toHaveTextContent('Can create tokens');
  });

  it.each([
    ['list rolebindings', { [`GET ${RBAC}`]: refusal(403, 'forbidden') }],
    ['list serviceaccounts', { [`GET ${ACCOUNTS}`]: refusal(403, 'forbidden') }],
    ['create localsubjectaccessreviews', { [`POST ${REVIEWS}`]: refusal(403, 'forbidden') }],
  ])('shows nothing about others without the right to %s', async (right, answers) => {
    open(answers);
    expect(await screen.findByText(new RegExp(`permission to ${right} in this`))).toBeVisible();
    expect(await screen.findByText('system:serviceaccount:shop:nkvm-user')).toBeVisible();
    expect(screen.queryByText('Apply')).toBeNull();
    expect(screen.queryByRole('table')).toBeNull();
  });
});

describe('Apply', () => {
  it('creates the RoleBinding that is shown, as the person', async () => {
    const { cluster, user } = open();
    await user.click(await screen.findByLabelText('nkvm-restorer'));
    expect(screen.getByText(/name: nkvm-restorer-nkvm-user/)).toBeVisible();
    await user.click(screen.getByText('Apply'));
    await waitFor(() =>
      expect(cluster.objectCalls.filter(({ request }) => request === `POST ${RBAC}`)).toEqual([
        {
          request: `POST ${RBAC}`,
          sent: expect.objectContaining({
            roleRef: expect.objectContaining({ kind: 'ClusterRole', name: 'nkvm-restorer' }),
            subjects: [{ kind: 'ServiceAccount', name: 'nkvm-user', namespace: 'shop' }],
          }),
        },
      ])
    );
    expect(cluster.calls.every(call => call.startsWith('GET '))).toBe(true);
    expect(await screen.findByText(/now has nkvm-restorer in shop/)).toBeVisible();
  });

  it('creates the account first where it does not exist', async () => {
    const { cluster, user } = open({
      [`GET ${ACCOUNTS}`]: { items: [] },
      [`POST ${ACCOUNTS}`]: {},
    });
    expect(await rowOf('nkvm-user')).toHaveTextContent('Does not exist');
    await user.click(screen.getByText('Apply'));
    await screen.findByText(/now has nkvm-operator in shop/);
    const posts = cluster.objectCalls.map(({ request }) => request);
    expect(posts.filter(each => [`POST ${ACCOUNTS}`, `POST ${RBAC}`].includes(each))).toEqual([
      `POST ${ACCOUNTS}`,
      `POST ${RBAC}`,
    ]);
  });

  it('shows what the API server refused, and whom to ask', async () => {
    const message =
      'attempting to grant RBAC permissions not currently held: {APIGroups:[""], Resources:["x"]}';
    const { user } = open({ [`POST ${RBAC}`]: refusal(403, message) });
    await user.click(await screen.findByText('Apply'));
    const refused = await screen.findByText(/permissions not currently held/);
    expect(refused).toHaveTextContent('Ask a cluster administrator');
  });

  it('tells no answer from a refusal', async () => {
    const { user } = open({ [`POST ${RBAC}`]: refusal(502, 'Unreachable') });
    await user.click(await screen.findByText('Apply'));
    expect(await screen.findByText(/so it may have been done/)).toBeVisible();
    expect(screen.queryByText(/refused these permissions/)).toBeNull();
  });

  it('says why it cannot be used, and sends nothing', async () => {
    const cluster = fakeCluster({
      'GET /namespaces/shop/access': accessOf(),
      [`GET ${ACCOUNTS}`]: { items: [] },
      [`GET ${RBAC}`]: { items: [] },
      [`POST ${REVIEWS}`]: review,
    });
    cluster.mayWriteSecrets = false;
    const user = openPage(cluster.name, '/nkvm/access/shop');
    const button = await screen.findByText('Apply');
    expect(button).toHaveAccessibleDescription(/permission to create rolebindings.*Ask an admin/);
    await user.click(button);
    expect(cluster.objectCalls.some(({ request }) => request === `POST ${RBAC}`)).toBe(false);
  });
});
