import '../../testing/mount';
import { screen } from '@testing-library/react';
import { useLayoutEffect, useRef, useState } from 'react';
import { expect, it } from 'vitest';
import { fakeCluster } from '../../testing/fakeCluster';
import { mount } from '../../testing/mount';
import { aVolume } from '../../testing/samples';
import { WithText } from '../../ui/text';
import { type Draft, draftOf } from './draft';
import { NewClaim } from './NewClaim';
import type { Change } from './stepProps';

/** Shows the fields, and types a name as soon as the claims are shown: before React runs the effects of that render. */
function TypedInBetween({ cluster }: { cluster: string }) {
  const [draft, setDraft] = useState(() => draftOf('backup=7&namespace=shop&volume=orders-db'));
  const [isKnown, setKnown] = useState(false);
  const latest = useRef<Draft>(draft);
  const change = (part: Change) => {
    const differs = typeof part === 'function' ? part(latest.current) : part;
    latest.current = { ...latest.current, ...differs };
    setDraft(latest.current);
  };
  useLayoutEffect(() => {
    if (isKnown) change({ target: { namespace: 'shop', name: 'mine' } });
  }, [isKnown]);
  return (
    <WithText>
      <button onClick={() => setKnown(true)}>The claims are known</button>
      <NewClaim
        cluster={cluster}
        into={cluster}
        draft={draft}
        change={change}
        volumes={isKnown ? [aVolume()] : undefined}
      />
    </WithText>
  );
}

it('proposes no name over one that was typed in the moment when the claims became known', async () => {
  const { name } = fakeCluster({});
  const user = mount(<TypedInBetween cluster={name} />, `/c/${name}/nkvm/restore`);
  await user.click(await screen.findByRole('button', { name: 'The claims are known' }));
  expect(await screen.findByLabelText('Name')).toHaveValue('mine');
});
