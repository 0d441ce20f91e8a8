/** For programs of this machine: where its daemon keeps its state, and how it is reached while it runs. */
export { defaultStateFolder } from './config/places.ts'
export { type Running, readRunning } from './config/running.ts'
