namespace Kavalek.Interop.TsMls.Tests;

public static class GroupsWeCreateTests
{
    [Theory, MemberData(nameof(Cast.Suites), MemberType = typeof(Cast))]
    public static async Task A_group_that_we_create_lives_with_both(ushort suite)
    {
        await using Cast cast = await Cast.MakeAsync(suite);
        await GroupLife.RunAsync(cast.Ours[0], cast.Theirs[0], [cast.Ours[1], cast.Theirs[1]], [cast.Theirs[2], cast.Ours[2]], guide: cast.Ours[0]);
    }
}
