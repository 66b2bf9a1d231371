namespace Kavalek.Deployment.Tests;

/// <summary>The files of this repository.</summary>
static class Repository
{
    /// <summary>The folder of Kavalek.slnx.</summary>
    public static string Root { get; } = Find();

    public static string PathOf(string name) => Path.Combine(Root, name);

    public static string Read(string name) => File.ReadAllText(PathOf(name));

    static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx"))) return folder.FullName;
        throw new InvalidOperationException("Kavalek.slnx is in no folder above the tests");
    }
}
