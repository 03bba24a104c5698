export {
  asksForRestore,
  isFirstRestoreOpen,
  isHeldByRestore,
  POPULATOR_GROUP,
  POPULATOR_KIND,
} from '../../cluster/firstRestore.ts';
