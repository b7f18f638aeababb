/** The library, its lookups those of a finder: for the contract to be held against each engine. */
import { type EngineIteration, type EngineName, openFinder } from '../../src/index.js';

const { CONTRACT_ENGINE: engine, CONTRACT_ITERATION: iteration } = process.env;

const finder = await openFinder({
  engine: engine as EngineName,
  iteration: iteration as EngineIteration | undefined,
});
if (finder.engine !== engine) throw new Error(`asked for ${engine}, given ${finder.engine}`);

export * from '../../src/index.js';
export const {
  exists,
  isRunning,
  findByPid,
  findByPidSync,
  findByName,
  findByNameSync,
  findOneByName,
  findOneByNameSync,
  scan,
  scanSync,
  children,
} = finder;
