import { expect, test } from 'vitest';
import { attachParentsFirst } from '../../../src/domain/attach-order.ts';
import { define } from '../../helpers/dump-entries.ts';

test('a partition is attached before its own partitions, however they are called', () => {
  const [root, middle] = [define('TABLE', 'public.root'), define('TABLE', 'public.middle')];
  const [leaf, other] = [define('TABLE', 'a.leaf'), define('FOREIGN TABLE', 'b.other')];
  const attachLeaf = define('TABLE ATTACH', 'a.leaf', { needs: [middle, leaf] });
  const attachOther = define('TABLE ATTACH', 'b.other', { needs: [other, root] });
  const attachMiddle = define('TABLE ATTACH', 'public.middle', { needs: [root, middle] });
  const comment = define('COMMENT', 'public.TABLE leaf', { needs: [leaf] });
  const tables = [root, leaf, middle, other];
  expect(attachParentsFirst([...tables, attachLeaf, comment, attachOther, attachMiddle])).toEqual([
    ...tables,
    attachMiddle,
    comment,
    attachLeaf,
    attachOther,
  ]);
});

test('where parents come first, or are there already, nothing moves', () => {
  const [root, leaf] = [define('TABLE', 'public.root'), define('TABLE', 'public.leaf')];
  const attachRoot = define('TABLE ATTACH', 'public.root', { needs: [root, define('TABLE', 'public.absent')] });
  const attachLeaf = define('TABLE ATTACH', 'public.leaf', { needs: [leaf, root] });
  for (const entries of [[], [root, leaf, attachRoot, attachLeaf]]) expect(attachParentsFirst(entries)).toEqual(entries);
});
