/** The parts of a round, loaded with the first one: the list of today does not wait for code that talks to a server. */
export { pushFiles } from './blobs'
export { watchLog } from './logWatch'
export { fetchFiles, pullChanges } from './pull'
export { pushEvents } from './push'
export { pushReports } from './unitReports'
