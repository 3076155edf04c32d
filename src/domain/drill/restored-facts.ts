/** What was asked of the restored database beside the comparison, one fact for each thing that was looked at. */
export interface RestoredFacts {
  readonly foreignKeys: readonly ForeignKeyFact[];
  readonly indexes: readonly IndexFact[];
  readonly sequences: readonly SequenceFact[];
  readonly views: readonly ViewFact[];
}

/** Why something could not be asked: what the server said, or what makes it pointless. */
interface Unasked {
  readonly error?: string | undefined;
  /** Its SQLSTATE. */
  readonly sqlState?: string | undefined;
}

export interface ForeignKeyFact extends Unasked {
  /** `order_items_order_id_fkey of public.order_items` */
  readonly name: string;
  /** False where it was made NOT VALID: then rows may refer to nothing. */
  readonly validated: boolean;
  /** Whether there are rows that refer to none. */
  readonly orphans: boolean;
}

export interface IndexFact {
  readonly name: string;
  /** Whether PostgreSQL uses it: it is whole. */
  readonly valid: boolean;
  /** Of a partitioned table: it has no rows of its own, and is valid when those of all partitions are attached. */
  readonly partitioned: boolean;
}

/** A sequence, and a column that takes its numbers from it. In decimal digits; null where there is none. */
export interface SequenceFact extends Unasked {
  readonly name: string;
  readonly column: string;
  readonly next: string | null;
  readonly increment: string;
  /** The greatest number that the column holds; the smallest, of a sequence that counts down. */
  readonly extreme: string | null;
}

export interface ViewFact extends Unasked {
  readonly name: string;
  readonly kind: 'view' | 'materialized view';
  /** False for a materialized view WITH NO DATA, which nobody can read. */
  readonly populated: boolean;
  /** Whether it reads from another server, which a drill does not talk to. */
  readonly foreign: boolean;
}
