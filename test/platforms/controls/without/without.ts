import { test } from 'vitest';

test('holds without the addon', () => {});
