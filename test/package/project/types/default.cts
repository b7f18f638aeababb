import procseek = require('procseek');

const self: procseek.Process | undefined = procseek.default.findByPidSync(process.pid);
const found: number = procseek.default.findByNameSync('node', { fields: ['rss'] }).length;
export = (self?.ppid ?? 0) + found;
