namespace Kavalek.Mls.Tests;

/// <summary>Where the source is that these tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx"))) return folder.FullName;
        throw new InvalidOperationException("not inside the repository");
    }
}
