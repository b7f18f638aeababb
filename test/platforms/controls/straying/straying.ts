import { test } from 'vitest';

test('leaves a promise behind', async () => {
  Promise.reject(new Error('of nobody'));
  await new Promise((resolve) => setTimeout(resolve, 50));
});
