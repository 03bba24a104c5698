import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Names under which systems install it, in the order in which they are looked for on PATH. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** It asks nobody on the internet for anything. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type Chromium =
  | {
      context: BrowserContext;
      /** Ends the browser and removes what it kept. */
      close(): Promise<void>;
    }
  | { context: undefined; reason: string };

export interface ChromiumOptions {
  width?: number;
  height?: number;
  colorScheme?: 'light' | 'dark';
  /** Whether a signal to this process ends the browser, and the process with it; else the caller does. */
  handlesSignals?: boolean;
}

/** @returns the path of the browser, or undefined. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return NAMES.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable);
}

/** Starts the system's Chromium, headless, with an empty profile; says why when it cannot. */
export async function launchChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const { width = 1400, height = 900, colorScheme = 'light', handlesSignals = true } = options;
  const executablePath = findChromium();
  if (!executablePath) {
    return { context: undefined, reason: `none of ${NAMES.join(', ')} is on PATH` };
  }
  const profile = await mkdtemp(join(tmpdir(), 'nkvm-chromium-'));
  const removeProfile = () => rm(profile, { recursive: true, force: true, maxRetries: 3 });
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath,
      // Chromium's sandbox refuses to run as root.
      chromiumSandbox: process.getuid?.() !== 0,
      args: QUIET,
      viewport: { width, height },
      colorScheme,
      handleSIGINT: handlesSignals,
      handleSIGTERM: handlesSignals,
      handleSIGHUP: handlesSignals,
    });
    const close = () => context.close().finally(removeProfile);
    return { context, close };
  } catch (error) {
    await removeProfile();
    return { context: undefined, reason: `${executablePath} does not start: ${String(error)}` };
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
