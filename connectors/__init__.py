"""One package an outside system; each speaks one protocol and knows nothing of the others, nor of the ledger."""
