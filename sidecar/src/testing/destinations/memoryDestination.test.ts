import { describeDestination } from './destinationSuite.ts';
import { memoryDestination, memoryStorage } from './memoryDestination.ts';

describeDestination('memory', async () => {
  const storage = memoryStorage();
  return {
    destination: memoryDestination(storage),
    restarted: () => memoryDestination(storage),
    ofAnother: () => memoryDestination(storage, 'another'),
  };
});
