#include "shell/program.h"

int main(int argc, char** argv) { return noonmark::shell::run(argc, argv); }
