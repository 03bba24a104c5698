import { z } from 'zod';
import { ApiFailure } from './apiFailure.ts';

/** The user in a TokenReview. Kubernetes leaves out what is empty. */
const userInfo = z.object({
  username: z.string().min(1),
  uid: z.string().optional(),
  groups: z.array(z.string()).default([]),
  extra: z.record(z.string(), z.array(z.string())).default({}),
});

export type UserInfo = z.infer<typeof userInfo>;

/**
 * Users are kept for a while, thousands of them, and an API server of another cluster may say anything. In JSON; a user of a
 * thousand groups has a quarter of it.
 */
export const MOST_USER_CHARACTERS = 64 * 1024;

/** @param said `status.user` of a TokenReview @throws ApiFailure when that is no user, or a very big one */
export function readUserInfo(said: unknown): UserInfo {
  if ((JSON.stringify(said) ?? '').length > MOST_USER_CHARACTERS)
    throw notUnderstood(`has more than ${MOST_USER_CHARACTERS} characters`);
  const read = userInfo.safeParse(said);
  if (!read.success) throw notUnderstood(z.prettifyError(read.error));
  return read.data;
}

const notUnderstood = (why: string): ApiFailure =>
  new ApiFailure(`the user in a TokenReview of the API server cannot be used: ${why}`, {
    kind: 'unreachable',
    class: 'needs-action',
  });
