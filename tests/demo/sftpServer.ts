import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Attributes, FileEntry, SFTPWrapper } from 'ssh2';
import ssh2 from 'ssh2';
import { codeOf } from '../../sidecar/src/files.ts';
import { sshKeyPair } from '../../sidecar/src/testing/destinations/sshKeyPair.ts';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** An SFTP server of ssh2 on 127.0.0.1. */
export interface SftpServer {
  port: number;
  /** Its line for `knownHosts`. */
  knownHosts: string;
  close(): Promise<void>;
}

/** Serves one directory as `/` to one person. */
export async function startSftpServer(
  root: string,
  { username, password }: { username: string; password: string }
): Promise<SftpServer> {
  const key = sshKeyPair('ed25519');
  const server = new ssh2.Server({ hostKeys: [key.private] }, client => {
    client.on('error', () => undefined); // a client that goes away
    client.on('authentication', context => {
      const isHe = context.method === 'password' && context.username === username;
      if (isHe && context.password === password) context.accept();
      else context.reject(['password']);
    });
    client.on('session', accept => {
      accept().on('sftp', acceptSftp => serve(acceptSftp(), root));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const clients = new Set<{ end(): unknown }>();
  server.on('connection', client => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
  });
  return {
    port,
    knownHosts: `[127.0.0.1]:${port} ${key.public.split(' ').slice(0, 2).join(' ')}`,
    async close() {
      for (const client of clients) client.end();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

type Handle = { file: fs.FileHandle } | { entries: FileEntry[] };

/** One session: what a person may do with the files of a directory. */
function serve(sftp: SFTPWrapper, root: string): void {
  const handles = new Map<number, Handle>();
  let last = 0;
  const real = (path: string): string => join(root, posix.normalize(`/${path}`));
  const handleOf = (id: Buffer): Handle => {
    const handle = handles.get(id.readUInt32BE(0));
    if (!handle) throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
    return handle;
  };
  const fileOf = (id: Buffer): fs.FileHandle => {
    const handle = handleOf(id);
    if (!('file' in handle)) throw Object.assign(new Error('a directory'), { code: 'EISDIR' });
    return handle.file;
  };
  const keep = (request: number, handle: Handle): void => {
    const id = Buffer.alloc(4);
    id.writeUInt32BE((last += 1));
    handles.set(last, handle);
    sftp.handle(request, id);
  };
  const answer = (request: number, work: () => Promise<unknown>): void => {
    work().catch(error => sftp.status(request, statusOf(error), (error as Error).message));
  };
  /** For requests that are answered with a status alone. */
  const done = (request: number, work: () => Promise<unknown>): void =>
    answer(request, async () => {
      await work();
      sftp.status(request, STATUS_CODE.OK);
    });

  sftp.on('OPEN', (request, path, flags, { mode }) =>
    answer(request, async () =>
      keep(request, { file: await fs.open(real(path), flagsOf(flags), mode ?? 0o644) })
    )
  );
  sftp.on('READ', (request, id, at, length) =>
    answer(request, async () => {
      const { bytesRead, buffer } = await fileOf(id).read(Buffer.alloc(length), 0, length, at);
      if (bytesRead === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.data(request, buffer.subarray(0, bytesRead));
    })
  );
  sftp.on('WRITE', (request, id, at, bytes) =>
    done(request, () => fileOf(id).write(bytes, 0, bytes.length, at))
  );
  sftp.on('CLOSE', (request, id) =>
    done(request, async () => {
      const handle = handleOf(id);
      handles.delete(id.readUInt32BE(0));
      if ('file' in handle) await handle.file.close();
    })
  );
  sftp.on('OPENDIR', (request, path) =>
    answer(request, async () => {
      const names = await fs.readdir(real(path));
      const entries = await Promise.all(
        names.map(async filename => {
          const attrs = attributesOf(await fs.lstat(join(real(path), filename)));
          return { filename, longname: filename, attrs };
        })
      );
      keep(request, { entries });
    })
  );
  sftp.on('READDIR', (request, id) =>
    answer(request, async () => {
      const handle = handleOf(id);
      const some = 'entries' in handle ? handle.entries.splice(0, 100) : [];
      if (some.length === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.name(request, some);
    })
  );
  const look = (request: number, stats: () => Promise<Stats>): void =>
    answer(request, async () => sftp.attrs(request, attributesOf(await stats())));
  sftp.on('STAT', (request, path) => look(request, () => fs.stat(real(path))));
  sftp.on('LSTAT', (request, path) => look(request, () => fs.lstat(real(path))));
  sftp.on('FSTAT', (request, id) => look(request, () => fileOf(id).stat()));
  sftp.on('SETSTAT', request => sftp.status(request, STATUS_CODE.OK));
  sftp.on('FSETSTAT', request => sftp.status(request, STATUS_CODE.OK));
  sftp.on('REMOVE', (request, path) => done(request, () => fs.unlink(real(path))));
  sftp.on('MKDIR', (request, path) => done(request, () => fs.mkdir(real(path))));
  sftp.on('RMDIR', (request, path) => done(request, () => fs.rmdir(real(path))));
  // A link first: version 3 of the protocol never replaces a file by a rename.
  sftp.on('RENAME', (request, from, to) =>
    done(request, async () => {
      await fs.link(real(from), real(to));
      await fs.unlink(real(from));
    })
  );
  sftp.on('REALPATH', (request, path) => {
    const filename = posix.normalize(`/${path}`);
    sftp.name(request, [{ filename, longname: filename, attrs: attributesOf(undefined) }]);
  });
  sftp.on('close', () => {
    for (const handle of handles.values())
      if ('file' in handle) void handle.file.close().catch(() => undefined);
  });
}

type Stats = Awaited<ReturnType<typeof fs.stat>>;

function attributesOf(stats: Stats | undefined): Attributes {
  const { mode = 0o40755, uid = 0, gid = 0, size = 0, atimeMs = 0, mtimeMs = 0 } = stats ?? {};
  return {
    mode: Number(mode),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    atime: Math.floor(Number(atimeMs) / 1000),
    mtime: Math.floor(Number(mtimeMs) / 1000),
  };
}

function flagsOf(flags: number): number {
  const { READ, WRITE, APPEND, CREAT, TRUNC, EXCL } = OPEN_MODE;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  let open = has(WRITE) ? (has(READ) ? constants.O_RDWR : constants.O_WRONLY) : constants.O_RDONLY;
  if (has(APPEND)) open |= constants.O_APPEND;
  if (has(CREAT)) open |= constants.O_CREAT;
  if (has(TRUNC)) open |= constants.O_TRUNC;
  if (has(EXCL)) open |= constants.O_EXCL;
  return open;
}

function statusOf(error: unknown): number {
  switch (codeOf(error)) {
    case 'ENOENT':
      return STATUS_CODE.NO_SUCH_FILE;
    case 'EACCES':
    case 'EPERM':
      return STATUS_CODE.PERMISSION_DENIED;
    default:
      return STATUS_CODE.FAILURE;
  }
}
