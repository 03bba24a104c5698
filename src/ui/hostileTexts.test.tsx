import { screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { visible } from '../../sidecar/api/visible.ts';
import { aDestination, aProblem, destinationList } from '../testing/destinationSamples';
import { fakeCluster, refusal } from '../testing/fakeCluster';
import { aFile, fileList } from '../testing/fileSamples';
import { HOSTILE_TEXTS } from '../testing/hostileTexts';
import { openPage } from '../testing/mount';
import { aPolicy, policyList } from '../testing/policySamples';
import { aComparison, aRestore, checkList, restoreList } from '../testing/restoreSamples';
import { aBackup, aFailed, aVolume, backupList, unbound, volumeList } from '../testing/samples';

const helper = (lastWords: string) => ({ ...aFailed().helper!, lastWords });
const fileNames = HOSTILE_TEXTS.map(text => text.replaceAll('/', '_'));
const warnings = HOSTILE_TEXTS;

/** Each page with hostile texts in all that a volume, a claim, a helper or a storage can bring to it. */
const PAGES: Record<string, { page: string; answers: Parameters<typeof fakeCluster>[0] }> = {
  'the list of volumes': {
    page: '/nkvm/volumes',
    answers: {
      'GET /volumes': volumeList(
        HOSTILE_TEXTS.map((text, at) =>
          aVolume({
            name: `volume-${at}`,
            labels: { backup: text },
            obstacle: { ...unbound, message: text, hint: text },
          })
        )
      ),
      'GET /policy': policyList(
        HOSTILE_TEXTS.map((text, at) =>
          aPolicy({
            name: `volume-${at}`,
            uid: `uid-volume-${at}`,
            state: 'invalid',
            reasons: [{ reason: 'X', message: text, hint: text }],
          })
        )
      ),
    },
  },
  'the runs of a volume': {
    page: '/nkvm/volumes/shop/orders-db',
    answers: {
      'GET /backups': backupList(
        HOSTILE_TEXTS.map((text, at) => aFailed({ id: `${at}`, message: text, hint: text }))
      ),
      'GET /volumes/shop/orders-db': aVolume(),
      'GET /restores': restoreList([]),
    },
  },
  'a failed run': {
    page: '/nkvm/backups/7',
    answers: {
      'GET /backups/7': aFailed({
        ...{ id: '7', warnings, message: HOSTILE_TEXTS[0]!, hint: HOSTILE_TEXTS[1]! },
        helper: helper(HOSTILE_TEXTS.join('\n')),
      }),
      'GET /volumes/shop/orders-db': aVolume(),
    },
  },
  'the files of an archive': {
    page: '/nkvm/backups/7/files',
    answers: {
      'GET /backups/7': aBackup({ id: '7' }),
      'GET /backups/7/files': fileList(
        fileNames.map(name => aFile(name, { type: 'symlink', target: name }))
      ),
    },
  },
  'a restore': {
    page: '/nkvm/restores/9',
    answers: {
      'GET /restores/9': aRestore({
        warnings,
        paths: fileNames,
        comparison: aComparison({
          differences: 2,
          examples: fileNames,
          notRestored: [{ kind: 'selinux', count: 99, names: fileNames }],
        }),
      }),
      'GET /restores': restoreList([]),
      'GET /backups/7/checks': checkList([]),
    },
  },
  destinations: {
    page: '/nkvm/destinations',
    answers: {
      'GET /destinations': destinationList(
        HOSTILE_TEXTS.map((text, at) =>
          aDestination({
            name: `d-${at}`,
            location: text,
            state: 'failing',
            problem: aProblem({ message: text, hint: text }),
          })
        )
      ),
    },
  },
  'a refusal': {
    page: '/nkvm/backups/7',
    answers: { 'GET /backups/7': refusal(403, HOSTILE_TEXTS.join(' ')) },
  },
};

/** jsdom has no layout: lists are 600 px high. */
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockImplementation(
    () => ({ width: 900, height: 600, top: 0, left: 0, right: 900, bottom: 600 } as DOMRect)
  );
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(900);
  HTMLElement.prototype.scrollTo = () => undefined;
});

describe('hostile texts', () => {
  it.each(Object.keys(PAGES))('are text and nothing else on the page of %s', async of => {
    const { page, answers } = PAGES[of]!;
    const { name } = fakeCluster(answers);
    openPage(name, page);
    await waitFor(() => expect(document.body.textContent).toContain('onerror='));
    expect(
      document.querySelectorAll('script, iframe, object, embed, [onload], [onerror]')
    ).toHaveLength(0);
    expect([...document.images].map(image => image.getAttribute('src'))).not.toContain('x');
    for (const link of document.querySelectorAll('[href], [src], [action]'))
      for (const attribute of ['href', 'src', 'action'])
        expect(link.getAttribute(attribute) ?? '').not.toMatch(/^\s*javascript:/i);
    expect(window).not.toHaveProperty('hacked');
  });

  it('in names of files are told apart from what they look like', async () => {
    const { name } = fakeCluster(PAGES['the files of an archive']!.answers);
    openPage(name, '/nkvm/backups/7/files');
    expect((await screen.findAllByText('invoice\\u{202e}gnp.exe'))[0]).toBeVisible();
    expect(document.body.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u001b\u0007]/);
    for (const text of fileNames.slice(0, 3))
      expect(screen.getAllByText(visible(text))).not.toEqual([]);
  });
});
