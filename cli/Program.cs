return await Kavalek.Cli.CommandLine.KavalekCommand.RunAsync(args);
