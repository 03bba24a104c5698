import { memoryDestination, memoryStorage } from './memory.ts';
import { describeDestination } from './suite.ts';

describeDestination('memory', async () => {
  const storage = memoryStorage();
  return {
    destination: memoryDestination(storage),
    restarted: () => memoryDestination(storage),
  };
});
