namespace Kavalek.Architecture.Tests;

/// <summary>docs/security-rows.md says what the tests say: it cannot drift from them.</summary>
public static class SecurityRowsTests
{
    internal static readonly string Root = FindRoot();

    [Fact]
    public static void The_page_of_rows_is_what_the_ids_in_the_tests_make_of_it()
    {
        string path = Path.Combine(Root, "docs", "security-rows.md");
        string page = SecurityRows.Page(Tests());
        if (Environment.GetEnvironmentVariable("KAVALEK_WRITE_ROWS") == "1")
            File.WriteAllText(path, page);
        Assert.True(File.ReadAllText(path) == page, "docs/security-rows.md is stale: make security-rows");
    }

    [Fact]
    public static void There_are_eighty_rows_and_every_id_in_a_test_is_one_of_them()
    {
        Assert.Equal(Enumerable.Range(1, 80), SecurityRows.All.Select(row => row.Number));
        Assert.All(Tests(), test => Assert.InRange(test.Row, 1, 80));
    }

    [Fact]
    public static void An_id_belongs_to_the_test_that_it_stands_above_or_behind()
    {
        string[] lines =
        [
            "    // K-47, K-05",
            "    [Fact]",
            "    public static async Task One_thing(int n)",
            "    [Fact]",
            "    public void Another_thing() // K-29",
            "    // A sentence about K-30 is no id.",
            "    public void A_third_thing()",
        ];
        Assert.Equal(
            [new(47, "suite", "One_thing"), new(5, "suite", "One_thing"), new(29, "suite", "Another_thing")],
            SecurityRows.TestsOf("suite", "some.cs", lines));
        Assert.Equal(
            [new(58, "suite", "shows text as text")],
            SecurityRows.TestsOf("suite", "some.ts", ["// K-58", "it('shows text as text', async () => {"]));
        Assert.Throws<InvalidOperationException>(() => SecurityRows.TestsOf("suite", "some.cs", ["// K-58", "int x = 1;"]).ToList());
    }

    static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kavalek.slnx")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }

    // The web app's own stories are beside it.
    static List<RowTest> Tests() =>
        [.. SecurityRows.TestsIn(Path.Combine(Root, "tests")), .. SecurityRows.TestsIn(Path.Combine(Root, "frontend-mobile", "tests"))];
}
