/** Whether there is a prebuild of these sources for a machine, as Node.js names it. */
export function hasPrebuild(platform?: string, arch?: string): boolean;
