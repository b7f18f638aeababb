import { test } from 'vitest';

test('is never reached', () => {});
throw new Error('while it was loaded');
