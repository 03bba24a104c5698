export {
  asksForRestore,
  isFirstRestoreOpen,
  POPULATOR_GROUP,
  POPULATOR_KIND,
} from '../../cluster/firstRestore.ts';
