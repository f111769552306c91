"""Hashes with Argon2 in threads and does nothing else: what a login can reach at most. Prints the hashes a second.

python -m benchmarks.peers.argon2_pool SECONDS THREADS TIME_COST MEMORY_KIB PARALLELISM
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher


def main() -> None:
    seconds, threads, time_cost, memory_kib, parallelism = (int(argument) for argument in sys.argv[1:])
    hasher = PasswordHasher(time_cost, memory_kib, parallelism)
    end = time.perf_counter() + seconds

    def count() -> float:
        """Returns the hashes a second of this thread, of whole hashes."""
        begun, hashes = time.perf_counter(), 0
        while time.perf_counter() < end:
            hasher.hash("una frase larga")
            hashes += 1
        return hashes / (time.perf_counter() - begun)

    with ThreadPoolExecutor(threads) as pool:
        print(sum(future.result() for future in [pool.submit(count) for _ in range(threads)]))


if __name__ == "__main__":
    main()
