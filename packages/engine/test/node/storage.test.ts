import { storeSuite } from '../contracts/store-suite.ts'
import { makeWorld } from './disk-world.ts'

storeSuite('a folder with one worker', () => makeWorld(1))
storeSuite('a folder with two workers', () => makeWorld(2))
