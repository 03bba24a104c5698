export {
  asksForRestore,
  isFirstRestoreOpen,
  isHeldByRestore,
  POPULATOR_GROUP,
  POPULATOR_KIND,
} from '../../cluster/writes/firstRestore.ts';
