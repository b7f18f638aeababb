import { test } from 'vitest';

test('crashes', () => process.abort());
