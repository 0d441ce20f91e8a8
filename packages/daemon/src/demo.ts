/** `@shoal/daemon/demo`: a swarm that is made up, for the command line and the daemon. */
export { DEMO_NAME, type Scene, type SceneOptions, setScene } from './demo/scene.ts'
