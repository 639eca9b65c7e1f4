// Conformance of servers to Lineup/1, as data.

export {
  caseBytes,
  type CaseSubject,
  type ConformanceCase,
  type ConformanceLevel,
  conformanceLevels,
  type Piece,
} from "./case.ts";
export { conformanceCases } from "./cases.ts";
export { countFinals } from "./finals.ts";
export { matches } from "../../answer_pattern.ts";
