import { expect, it } from 'vitest';
import { StageError } from '../../errors.ts';
import type { Blame, CallFacts } from './blame.ts';
import { blame } from './blame.ts';

const said = (reason: string, failureClass: 'transient' | 'needs-action' | 'unknown') =>
  new StageError('copy', reason, 'm', 'h', failureClass);
const helper = said('HelperGone', 'transient');
const broke = said('ConnectionBroke', 'transient');

it.each<[string, CallFacts, Blame]>([
  ['a connection that broke', { error: broke }, 'outage'],
  ['nobody knows', { error: said('DestinationFailed', 'unknown') }, 'outage'],
  ['a wrong password', { error: said('LoginRefused', 'needs-action') }, 'fault'],
  ['no room', { error: said('DestinationFull', 'needs-action') }, 'fault'],
  ['the sender broke off', { error: said('StreamBroke', 'transient') }, 'none'],
  ['the verdict of the sender', { error: helper, senderError: helper }, 'none'],
  ['the storage broke the sender', { error: broke, senderError: broke }, 'outage'],
  ['the name is taken', { error: said('NameTaken', 'needs-action') }, 'none'],
  ['an archive that nobody has unlocked', { error: said('ArchiveLocked', 'needs-action') }, 'none'],
  ['a damaged archive', { error: said('AgeBroken', 'unknown') }, 'none'],
  ['no such archive', { error: said('ArchiveMissing', 'needs-action') }, 'none'],
  ['another process may write', { error: said('LeaseLost', 'transient') }, 'none'],
  ['the caller has stopped it', { error: broke, isStopped: true }, 'none'],
  ['a fault of ours', { error: new TypeError('x is not a function') }, 'none'],
])('%s', (_, facts, blamed) => expect(blame(facts)).toBe(blamed));
