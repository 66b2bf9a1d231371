using Kavalek.Host;

try
{
    if (args is ["healthcheck", .. string[] rest]) return await HealthCheck.RunAsync(ServerOptions.Read(rest));
    if (args is ["backup", .. string[] backup]) return BackupCommand.Backup(backup);
    if (args is ["restore", .. string[] restore]) return BackupCommand.Restore(restore);
    if (args is ["--help" or "-h"])
    {
        Console.WriteLine(ServerOptions.Help);
        return 0;
    }
    await using Server server = await Server.StartAsync(ServerOptions.Read(args));
    await server.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is InvalidOperationException or IOException or InvalidDataException or UnauthorizedAccessException)
{
    // What an operator can mend: a setting, a key file, a port in use.
    Console.Error.WriteLine($"kavalek: {e.Message}");
    return 1;
}
