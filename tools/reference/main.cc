// Prints the command table as JSON, for tools/reference/generate.

#include <iostream>

#include "cli/reference.h"

int main() {
  std::cout << noonmark::cli::reference().dump(1) << '\n';
  return 0;
}
