/** What disturbs a run, from the files that tell it, and what is made of it. */
import { describe, expect, test } from 'vitest';
import { observe, readConditions } from '../../src/bench/conditions.js';
import { differs, judgeNoise, typicalDrift } from '../../src/bench/noise.js';
import type { Disturbance } from '../../src/bench/report.js';
import { spread } from '../../src/bench/spread.js';
import { sampleReport } from './sample-report.js';

const host = (files: Readonly<Record<string, string>>) => readConditions((file) => files[file]);

describe('The conditions of a host', () => {
  test('are unknown where it tells nothing', () => {
    const nothing = { virtualisation: null, container: null, governor: null };
    expect(host({})).toEqual({ ...nothing, frequency: null, quota: null });
  });

  test('have the governor, and the frequencies between which it chooses', () => {
    const cpu = '/sys/devices/system/cpu/cpu0/cpufreq';
    const files = {
      [`${cpu}/scaling_governor`]: 'ondemand\n',
      [`${cpu}/scaling_min_freq`]: '600000\n',
      [`${cpu}/scaling_max_freq`]: '1800000\n',
    };
    expect(host(files)).toMatchObject({
      governor: 'ondemand',
      frequency: { least: 600, most: 1800 },
    });
  });

  test.each([
    ['a unified hierarchy', '0::/a/b\n', { '/sys/fs/cgroup/a/cpu.max': '150000 100000\n' }, 1.5],
    [
      'the least of several',
      '0::/a/b\n',
      { '/sys/fs/cgroup/a/cpu.max': '150000 100000', '/sys/fs/cgroup/a/b/cpu.max': '50000 100000' },
      0.5,
    ],
    ['none', '0::/a\n', { '/sys/fs/cgroup/a/cpu.max': 'max 100000\n' }, null],
    [
      'the older hierarchy',
      '3:cpu,cpuacct:/docker/x\n0::/\n',
      {
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '20000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      0.2,
    ],
    [
      'none of the older one',
      '3:cpu:/\n',
      {
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      null,
    ],
  ])('have the quota of %s', (_, groups, files, quota) => {
    expect(host({ '/proc/self/cgroup': groups, ...files }).quota).toBe(quota);
  });

  test.each([
    ['kvm', { '/sys/class/dmi/id/sys_vendor': 'QEMU\n' }],
    [
      'hyper-v',
      {
        '/sys/class/dmi/id/sys_vendor': 'Microsoft Corporation\n',
        '/sys/class/dmi/id/product_name': 'Virtual Machine\n',
      },
    ],
    ['unknown', { '/proc/cpuinfo': 'flags\t\t: fpu hypervisor lahf_lm\n' }],
    [null, { '/sys/class/dmi/id/sys_vendor': 'LENOVO\n', '/proc/cpuinfo': 'flags\t: fpu\n' }],
  ])('name the hypervisor: %s', (name, files) => {
    expect(host(files).virtualisation).toBe(name);
  });
});

test('Disturbances are what counters grew by meanwhile', () => {
  let round = 0;
  const told = observe((file) => {
    if (file === '/proc/stat')
      return `cpu  ${[0, 0, 0, 100, 0, 0, 0, 20].map((n) => n * round).join(' ')} 7 7\n`;
    if (file === '/proc/self/cgroup') return '0::/\n';
    if (file === '/sys/fs/cgroup/cpu.stat') return `nr_periods 9\nnr_throttled ${3 + round * 4}\n`;
    if (file === '/proc/pressure/cpu')
      return `some avg10=0.00 total=${round * 1e9}\nfull total=0\n`;
    return undefined;
  });
  round = 1;
  // It cannot have waited for longer than the time that has passed.
  expect(told()).toMatchObject({ stolen: 20 / 120, throttled: 4, pressure: 1 });
});

const calm: Disturbance = {
  load: { start: 0.1, end: 1 },
  ...{ pressure: 0.01, stolen: 0, throttled: 0, overheated: null, drift: 1.02 },
};

describe('A run', () => {
  test('is quiet when nothing disturbs it, or the host does not tell', () => {
    const silent = { ...calm, pressure: null, stolen: null, throttled: null, drift: null };
    for (const told of [calm, silent]) {
      expect(judgeNoise({ cores: 2 }, told)).toMatchObject({ verdict: 'quiet', reasons: [] });
    }
  });

  test.each<[string, Partial<Disturbance>, RegExp]>([
    ['noisy', { throttled: 1 }, /quota 1 times/],
    ['noisy', { overheated: 2 }, /hot/],
    ['noisy', { drift: 1.3 }, /1\.30 × apart/],
    ['too noisy to compare', { drift: 1.7 }, /1\.70 × apart/],
    ['too noisy to compare', { load: { start: 23, end: 20 } }, /load average was 23\.0 on 2 cores/],
    ['too noisy to compare', { pressure: 0.85 }, /85 % of the time/],
    ['too noisy to compare', { stolen: 0.2 }, /hypervisor gave 20 %/],
  ])('is %s after %j', (verdict, change, reason) => {
    const noise = judgeNoise({ cores: 2 }, { ...calm, ...change });
    expect(noise.verdict).toBe(verdict);
    expect(noise.reasons).toEqual([expect.stringMatching(reason)]);
  });

  test('repeats as well as the middle of its measurements does', () => {
    expect(typicalDrift(sampleReport.questions)).toBe(1.03);
    expect(typicalDrift([])).toBeNull();
  });
});

describe('Two measurements', () => {
  const of = (...samples: number[]) => spread(samples) ?? expect.fail('no samples');

  test('differ when their spreads do not explain it', () => {
    expect(differs(of(10, 10, 11, 10), of(14, 15, 14, 15))).toBe(true);
    expect(differs(of(5, 10, 20, 8), of(9, 14, 28, 15))).toBe(false);
  });

  test('of one sample each have no spread that is known: only a wide gap counts', () => {
    expect(differs(of(10), of(15))).toBe(false);
    expect(differs(of(10), of(100))).toBe(true);
  });
});
