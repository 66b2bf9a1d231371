using System.Globalization;

namespace Kavalek.Mls.Tests;

/// <summary>
/// Groups of up to 60 under everything that can happen to a group, in an order drawn from a seed. KAVALEK_LIVES sets how many lives
/// (2 without it), KAVALEK_SEED runs the one that failed again.
/// </summary>
public static class RandomLifeTests
{
    const int Steps = 120;

    public static TheoryData<int> Seeds => Number("KAVALEK_SEED") is { } seed ? [seed] : [.. Enumerable.Range(1, Number("KAVALEK_LIVES") ?? 2)];

    [Theory, MemberData(nameof(Seeds))]
    public static async Task A_group_of_up_to_sixty_stays_in_agreement_or_refuses_cleanly(int seed)
    {
        RandomLife life = await RandomLife.BeginAsync(new Random(seed));
        for (int step = 0; step < Steps; step++) await life.StepAsync();
        await life.SettleAsync();
        Assert.True(life.Epochs > 10, $"only {life.Epochs} epochs");
        Assert.True(life.Read > 10, $"only {life.Read} messages read");
    }

    static int? Number(string setting) =>
        int.TryParse(Environment.GetEnvironmentVariable(setting), CultureInfo.InvariantCulture, out int number) ? number : null;
}
