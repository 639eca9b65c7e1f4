/** An answer that a caller may leave alone because it asks again: then its failure is no defect. */
export function heard<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}
