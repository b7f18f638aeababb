import { it } from 'vitest';
import { trace, summary } from './strace.js';
it('p', async () => {
  for (const s of ["procseek.findByPidSync(1)", "procseek.findByPidSync(1,{fields:['exe']})","procseek.findByPidSync(1,{fields:['uid','cwd','cgroup','fds','user','environ']})","procseek.exists(1)","await procseek.findByPid(1)", "procseek.findOneByNameSync('node')", "for await (const x of procseek.scan({pids:[1,2]}));", "await procseek.children(1)"]) {
    const c = await trace(s);
    console.log(s, c.slice(0,40), summary(c).slice(0,40));
  }
});
