import procseek = require('procseek');

const self: procseek.Process | undefined = procseek.findByPidSync(process.pid);
const parent: number | undefined = self?.ppid;
export = parent;
