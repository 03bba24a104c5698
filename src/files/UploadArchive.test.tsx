import { screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { Upload } from '../../sidecar/api';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { mount } from '../testing/mount';
import { WithText } from '../ui/text';
import { UploadArchive } from './UploadArchive';

const uploaded = Upload.parse({
  id: 'u1',
  bytes: 2048,
  sha256: 'ab'.repeat(32),
  files: 3,
  rawBytes: 4096,
  expiresAt: '2026-11-21T10:00:00.000Z',
});
const file = new File(['abc'], 'mine.tar.gz', { type: 'application/gzip' });

const open = (answers: Parameters<typeof fakeCluster>[0]) => {
  const cluster = fakeCluster(answers);
  const onUploaded = vi.fn();
  const page = (
    <WithText>
      <UploadArchive cluster={cluster.name} namespace="shop" onUploaded={onUploaded} />
    </WithText>
  );
  return { cluster, onUploaded, user: mount(page, `/c/${cluster.name}/nkvm/restore`) };
};
const input = () => screen.findByLabelText<HTMLInputElement>('Archive to upload');

describe('the upload of an archive', () => {
  it('sends the file, and gives what the service says of it', async () => {
    const { cluster, onUploaded, user } = open({ 'POST /uploads': uploaded });
    await user.upload(await input(), file);
    await vi.waitFor(() => expect(onUploaded).toHaveBeenCalledWith(uploaded));
    expect(cluster.calls.at(-1)).toBe('POST /uploads?namespace=shop');
    expect(cluster.sent.at(-1)?.token).toBe('minted');
  });

  it('says why it was not taken', async () => {
    const { onUploaded, user } = open({
      'POST /uploads': refusal(422, 'the file is not a gzip archive'),
    });
    await user.upload(await input(), file);
    expect(await screen.findByText(/The file is not a gzip archive/)).toBeVisible();
    expect(onUploaded).not.toHaveBeenCalled();
    expect(screen.getByRole('button', { name: 'Choose a file…' })).toBeVisible();
  });

  it('can be cancelled while it goes on', async () => {
    const { onUploaded, user } = open({
      'POST /uploads': (_, { signal }) =>
        new Promise((_, reject) =>
          signal?.addEventListener('abort', () => reject(new Error('aborted')))
        ),
    });
    await user.upload(await input(), file);
    expect(await screen.findByRole('progressbar', { name: 'Uploading mine.tar.gz' })).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    expect(await screen.findByRole('button', { name: 'Choose a file…' })).toBeVisible();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(onUploaded).not.toHaveBeenCalled();
  });
});
