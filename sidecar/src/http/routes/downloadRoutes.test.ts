import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { testArchive } from '../../testing/archive/testArchive.ts';
import { memoryDestination } from '../../testing/destinations/memoryDestination.ts';
import { exampleCopy } from '../../testing/history/exampleCopy.ts';
import { exampleRun } from '../../testing/history/exampleRun.ts';
import type { HttpTestWorld } from '../../testing/httpWorld.ts';
import { httpWorld } from '../../testing/httpWorld.ts';
import { downloadTickets } from '../downloads/downloadTickets.ts';
import { fileSender } from '../downloads/fileSender.ts';

const KEY = 'kind__shop__orders-db__20261120T101112Z__01k9a2b3c4d5e6f7g8h9jkmnpq.tar.gz';
const made = testArchive(
  KEY,
  `mkdir -p a/b; echo hello > a/hello; ln a/hello a/same; echo deep > a/b/deep; ln -s hello a/link; : > empty
   head -c 3000000 /dev/urandom > big; printf x > $'evil"\\r\\nSet-Cookie: a=b.html'`,
  { memberRawBytes: 1_000_000 }
);

let world: HttpTestWorld;
let id: string;

const begin = async (differs: Parameters<typeof httpWorld>[0] = {}) => {
  world = await httpWorld(differs);
  world.grants.reader = ['get persistentvolumeclaims/archive shop/orders-db'];
  world.storage.archives.set(KEY, made.archive);
  world.storage.archives.set(`${KEY}.index.gz`, made.index);
  const copy = exampleCopy({ key: KEY, bytes: made.archive.length });
  const run = exampleRun({ namespaceUid: 'uid-shop', copies: [copy] });
  await world.history.add([run]);
  id = run.id;
};
beforeEach(() => begin());
afterEach(() => world.close());

const prepare = (who: string | undefined, paths: string[] = [], of = id) =>
  world.ask(who, 'POST', `backups/${of}/downloads`, { paths });
/** A download over a real connection, without a token. */
async function get(path: string) {
  if (!world.app.server.listening) await world.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = world.app.server.address() as AddressInfo;
  return await fetch(`http://127.0.0.1:${port}${path}`);
}
const download = async (paths: string[]) => {
  const { body } = await prepare('reader', paths);
  const answer = await get(body.path);
  return { ticket: body, answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};

describe('a download', () => {
  it.each<[string, string | undefined, number]>([
    ['nobody known', undefined, 401],
    ['a caller who may not see the backup', 'nobody', 404],
    ['a caller who may not read its archive', 'shopper', 403],
  ])('is not prepared for %s', async (_, who, status) => {
    expect(await prepare(who, ['a/hello'])).toMatchObject({ status });
  });

  it.each<[string, unknown, number, string]>([
    ['a path that is not there', { paths: ['a/nothing'] }, 404, 'PathNotInArchive'],
    ['one of two paths that is not there', { paths: ['a', 'b'] }, 404, 'PathNotInArchive'],
    ['an empty path', { paths: [''] }, 400, 'BadRequest'],
    ['something else', { files: ['a'] }, 400, 'BadRequest'],
  ])('is not prepared for %s', async (_, body, status, reason) => {
    expect(await world.ask('reader', 'POST', `backups/${id}/downloads`, body)).toMatchObject({
      status,
      body: { reason },
    });
  });

  it('is a file as it is, which no browser shows as a page', async () => {
    const { ticket, answer, bytes } = await download(['a/hello']);
    expect(ticket).toMatchObject({ fileName: 'hello', bytes: 6 });
    expect(bytes.toString()).toBe('hello\n');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="hello"; filename*=UTF-8''hello`,
      'content-length': '6',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'cache-control': 'no-store',
    });
  });

  it.each([
    [['a/hello'], 'members are known'],
    [['a'], 'members are known'],
    [['a/hello'], 'members are not known'],
    [['a'], 'members are not known'],
  ])(
    'of %j breaks off where a byte of the archive has changed, whatever its size says: %s',
    async (paths, members) => {
      const key = 'changed.tar.gz';
      const { archive, index } = testArchive(
        key,
        'mkdir a; echo hello > a/hello; head -c 3000000 /dev/urandom > later'
      );
      world.storage.archives.set(key, archive);
      if (members === 'members are known') world.storage.archives.set(`${key}.index.gz`, index);
      world.grants.reader = ['get persistentvolumeclaims/archive *'];
      const { body } = await prepare('reader', paths, `archive:${key}`);
      const changed = Buffer.from(archive);
      changed[archive.length - 8]! ^= 0xff; // the checksum of its only member
      world.storage.archives.set(key, changed);
      const whole = async () => {
        const answer = await get(body.path);
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        return await answer.arrayBuffer();
      };
      await expect(whole()).rejects.toThrow();
    }
  );

  it('has a name that breaks no header', async () => {
    const { ticket, answer } = await download(['evil"\r\nSet-Cookie: a=b.html']);
    expect(ticket.fileName).toBe('evil___Set-Cookie_ a=b.html');
    expect(answer.headers.get('content-disposition')).toContain(
      'filename="evil___Set-Cookie_ a=b.html"'
    );
    expect(answer.headers.has('set-cookie')).toBe(false);
  });

  it('may be of nothing, by the name of a hard link, or big', async () => {
    expect((await download(['empty'])).bytes).toHaveLength(0);
    expect((await download(['a/same'])).bytes.toString()).toBe('hello\n');
    expect((await download(['big'])).bytes).toHaveLength(3_000_000);
  });

  it('of a folder, of several paths or of a link is a tar', async () => {
    const names = (bytes: Buffer) =>
      execFileSync('tar', ['-tzf', '-'], { input: bytes }).toString().trimEnd().split('\n');
    const folder = await download(['a']);
    expect(folder.ticket).toMatchObject({ fileName: 'a.tar.gz', bytes: null });
    expect(names(folder.bytes)).toEqual([
      './a/',
      './a/b/',
      './a/b/deep',
      './a/hello',
      './a/link',
      './a/same',
    ]);
    const several = await download(['empty', 'a/b']);
    expect(several.ticket.fileName).toBe('orders-db-files.tar.gz');
    expect(names(several.bytes)).toEqual(['./a/b/', './a/b/deep', './empty']);
    expect((await download(['a/link'])).ticket.fileName).toBe('link.tar.gz');
  });

  it('without paths is the archive itself', async () => {
    const { ticket, bytes } = await download([]);
    expect(ticket).toMatchObject({ fileName: KEY, bytes: made.archive.length });
    expect(bytes.equals(made.archive)).toBe(true);
  });
});

describe('a ticket', () => {
  it('is good once', async () => {
    const { body } = await prepare('reader', ['a/hello']);
    expect((await get(body.path)).status).toBe(200);
    const again = await get(body.path);
    expect(again.status).toBe(404);
    expect(await again.json()).toMatchObject({ reason: 'NoSuchDownload' });
  });

  it('that nobody has given is good for nothing', async () => {
    for (const path of ['x', 'a'.repeat(43), '%00', '..%2Fbackups'])
      expect((await get(`/api/v1/downloads/${path}`)).status).toBe(404);
  });

  it('is good for 60 seconds', () => {
    let time = 0;
    const tickets = downloadTickets(() => time);
    const ticket = { caller: { username: 'a' }, paths: [] } as never;
    const { id } = tickets.give(ticket);
    time = 59_999;
    expect(tickets.look(id)).toBeDefined();
    time = 60_000;
    expect(tickets.look(id)).toBeUndefined();
  });

  it('is one of few that wait', () => {
    const tickets = downloadTickets(() => 0);
    const of = (username: string, token: string) =>
      ({
        caller: { username, extra: { 'authentication.kubernetes.io/credential-id': [token] } },
        paths: [],
      } as never);
    const all = (count: number, ticket: never) =>
      Array.from({ length: count }, () => tickets.give(ticket).id);
    const tooMany = expect.objectContaining({ status: 429 });
    all(50, of('admin', 'one'));
    expect(() => tickets.give(of('admin', 'one'))).toThrow(tooMany);
    all(50, of('admin', 'two'));
    all(50, of('admin', 'three'));
    expect(() => tickets.give(of('admin', 'four'))).toThrow(tooMany);
  });

  it('is there for everybody, however many others have asked for', () => {
    const tickets = downloadTickets(() => 0);
    const of = (username: string) => ({ caller: { username, extra: {} }, paths: [] } as never);
    const [oldest] = Array.from({ length: 50 }, () => tickets.give(of('a')).id);
    const mine = Array.from({ length: 10 }, () => tickets.give(of('b')).id);
    for (let user = 0; user < 24; user++)
      for (let count = 0; count < 10; count++) tickets.give(of(`user ${user}`));
    expect(tickets.look(tickets.give(of('c')).id)).toBeDefined();
    expect(tickets.look(oldest ?? '')).toBeUndefined();
    expect(mine.every(id => tickets.look(id))).toBe(true);
  });

  it('is good for nothing when the right has ended meanwhile', async () => {
    const { body } = await prepare('reader', ['a/hello']);
    world.grants.reader = [];
    expect((await get(body.path)).status).toBe(404);
  });

  it('is good for nothing when the caller was deleted meanwhile, whose bindings are still there', async () => {
    const { body } = await prepare('reader', ['a/hello']);
    world.deleted.add('reader');
    expect((await get(body.path)).status).toBe(404);
  });

  it('says when the archive has gone meanwhile', async () => {
    const { body } = await prepare('reader', ['a/hello']);
    world.storage.archives.delete(KEY);
    const answer = await get(body.path);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ reason: 'ArchiveMissing' });
  });

  it('never shows names of files in the log', async () => {
    await download(['a/hello']);
    const atInfo = world.logged
      .split('\n')
      .filter(line => line && !line.includes('"level":"debug"'));
    expect(atInfo.join('\n')).toContain('download from archive');
    expect(atInfo.join('\n')).not.toContain('hello');
  });
});

describe('a download that cannot go on', () => {
  /** An archive of which only so many bytes can be read. */
  const breaking = (bytes: number, what: () => Promise<void> = async () => undefined) => {
    const destination = memoryDestination(world.storage);
    return {
      ...destination,
      async open(key: string, call?: Parameters<typeof destination.open>[1]) {
        const body = await destination.open(key, call);
        if (!key.endsWith('.tar.gz')) return body;
        return Readable.from(
          (async function* () {
            let left = bytes;
            for await (const chunk of body) {
              for (let at = 0; at < chunk.length; at += 10_000) {
                const piece = chunk.subarray(at, at + 10_000);
                left -= piece.length;
                if (left < 0) {
                  await what();
                  throw new Error('i/o error');
                }
                yield piece;
              }
            }
          })()
        );
      },
    };
  };

  it.each<[string, string[]]>([
    ['a file', ['big']],
    ['a tar', ['big', 'a']],
    ['an archive', []],
  ])('breaks the connection of %s: a part never looks like the whole', async (_, paths) => {
    const { archives } = world.storage;
    await world.close();
    await begin();
    world.storage.archives.clear();
    for (const [key, bytes] of archives) world.storage.archives.set(key, bytes);
    Object.assign(world.destination, breaking(500_000));
    const { body } = await prepare('reader', paths);
    const answer = await get(body.path);
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow('terminated');
    expect(world.logged).toContain('a download was interrupted');
    await expect
      .poll(async () => (await world.audit.page({ result: 'failed' }, Infinity, 1)).entries)
      .toMatchObject([{ action: 'archive.download', reason: 'DownloadInterrupted' }]);
  });

  it('before its first byte is a problem like any other', async () => {
    const { body } = await prepare('reader', ['big']);
    Object.assign(world.destination, breaking(0));
    const answer = await get(body.path);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ reason: 'ArchiveUnreadable' });
  });

  it('with an index that lies is tried once more with one made from the archive', async () => {
    const lines = made.lines.toString('latin1').replace(/^block \d+: (.*hello")/gm, 'block 3: $1');
    const header = { formatVersion: 1, archive: KEY, lines: 'tar-R-vv' };
    world.storage.archives.set(
      `${KEY}.index.gz`,
      gzipSync(Buffer.from(`${JSON.stringify(header)}\n${lines}`, 'latin1'))
    );
    expect((await download(['a/hello'])).bytes.toString()).toBe('hello\n');
    expect(world.logged).toContain('belongs to another archive');
  });
});

describe('downloads that run', () => {
  /** Sends without end, and never ends by itself. */
  function endless(): Readable {
    return new Readable({
      read() {
        setTimeout(() => this.push(Buffer.alloc(10_000)), 5);
      },
    });
  }
  async function serve(
    sender: ReturnType<typeof fileSender>,
    mayRead: () => Promise<boolean>,
    { bytes, open }: { bytes: number | null; open(): Readable } = { bytes: null, open: endless }
  ) {
    const server = http.createServer((_request, response) => {
      const reply = { raw: response, hijack: () => undefined } as never;
      const place = sender.takePlace({ username: 'a', uid: undefined, groups: [], extra: {} });
      void sender.send(reply, place, {
        fileName: 'x',
        bytes,
        open: async () => open(),
        mayRead,
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { server, url: `http://127.0.0.1:${port}/` };
  }

  it.each([
    ['fewer', 30, [10, 10]],
    ['more', 30, [10, 20, 10]],
    ['more in one piece', 30, [40]],
  ])('never look complete with %s bytes than were announced', async (_, bytes, sizes) => {
    const warn = vi.fn();
    const open = () => Readable.from(sizes.map(size => Buffer.alloc(size)));
    const sender = fileSender({ log: { warn } });
    const { server, url } = await serve(sender, async () => true, { bytes, open });
    const reading = fetch(url).then(answer => answer.arrayBuffer());
    await expect(reading).rejects.toThrow(/terminated|fetch failed/);
    expect(warn.mock.calls[0]?.[1]).toContain('it does not have 30 bytes any more');
    server.close();
  });

  it('end when the right ends, and when the API server does not say whether it has', async () => {
    for (const mayRead of [async () => false, async () => Promise.reject(new Error('unknown'))]) {
      const warn = vi.fn();
      const { server, url } = await serve(fileSender({ log: { warn }, lookAgainMs: 20 }), mayRead);
      await expect((await fetch(url)).arrayBuffer()).rejects.toThrow('terminated');
      await vi.waitFor(() =>
        expect(warn.mock.calls[0]?.[1]).toContain('the right to read the archive has ended')
      );
      server.close();
    }
  });

  it('end when the client takes nothing, and when NKVM stops', async () => {
    const warn = vi.fn();
    const sender = fileSender({ log: { warn }, stuckMs: 100 });
    const { server, url } = await serve(sender, async () => true);
    const request = http.get(url);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.pause();
    await vi.waitFor(() => expect(warn.mock.calls.at(-1)?.[1]).toContain('takes nothing'), 20_000);
    request.destroy();
    const reading = (await fetch(url)).arrayBuffer();
    sender.endAll();
    await expect(reading).rejects.toThrow('terminated');
    server.close();
  }, 30_000);

  it('are no more than a few, and the ticket of one too many stays good', async () => {
    const sender = fileSender({ log: { warn: () => {} } });
    const caller = { username: 'a', uid: undefined, groups: [], extra: {} };
    const places = [1, 2, 3, 4].map(() => sender.takePlace(caller));
    expect(() => sender.takePlace(caller)).toThrow(
      expect.objectContaining({ status: 429, reason: 'TooManyDownloads' })
    );
    places[0]!.giveBack();
    places[0]!.giveBack();
    sender.takePlace(caller);
    expect(() => sender.takePlace(caller)).toThrow(expect.objectContaining({ status: 429 }));
  });
});

it('records who downloads what before the first byte, and how it has ended', async () => {
  const entries = async () =>
    (await world.audit.page({ action: 'archive.download' }, Infinity, 10)).entries;
  const { body } = await prepare('reader', ['a/hello', 'a/b/deep']);
  const answer = await get(body.path);
  await answer.arrayBuffer();
  await expect.poll(entries).toHaveLength(1);
  expect((await entries())[0]).toMatchObject({
    ...{ phase: 'ended', result: 'success', status: 200, backup: id, detail: '2 paths' },
    actor: { name: 'reader' },
    claims: [{ namespace: 'shop', name: 'orders-db' }],
  });
  expect((await get(body.path)).status).toBe(404);
  expect((await entries())[0]).toMatchObject({
    ...{ phase: 'whole', result: 'refused', reason: 'NoSuchDownload' },
    actor: { kind: 'unknown' },
  });
  const texts = JSON.stringify((await world.audit.page({}, Infinity, 10)).entries);
  expect(texts).not.toContain('hello');
  expect(texts).not.toContain(body.path.split('/').at(-1));
});
